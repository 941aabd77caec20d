// usescgo asks C for a number.
package main

// static int six(void) { return 6; }
import "C"

import "fmt"

func main() {
	fmt.Println(C.six() * 7)
}
