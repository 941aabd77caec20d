package main

import "C"

//export wait_in_go
func wait_in_go() { wait() }
