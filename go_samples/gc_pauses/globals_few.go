//go:build !globals

package main

var globals [1]*block
