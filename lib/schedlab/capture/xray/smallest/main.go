// The smallest program: it is built to see how a release lays out its runtime, and never run.
package main

func main() {}
