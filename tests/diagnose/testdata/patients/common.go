package main

import (
	"io"
	"net"
	"net/http"
	"os"
)

var client = http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}

// serve answers on the loopback address until it is stopped.
func serve(handler http.Handler) (url string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	return "http://" + listener.Addr().String(), func() { server.Close() }
}

func get(url string) {
	answer, err := client.Get(url)
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

// echo sends back what comes, on the loopback address, until it is stopped.
func echo() (address string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go io.Copy(conn, conn)
		}
	}()
	return listener.Addr().String(), func() { listener.Close() }
}

// scratchFile makes a file with that content.
func scratchFile(content []byte) (name string, remove func()) {
	file, err := os.CreateTemp("", "patients")
	if err != nil {
		panic(err)
	}
	if _, err := file.Write(content); err != nil {
		panic(err)
	}
	file.Close()
	return file.Name(), func() { os.Remove(file.Name()) }
}
