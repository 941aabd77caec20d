// Package peers tries a server by hand. The check has peers of its own.
package peers

import (
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// Try lets so many peers announce a thousand bytes, send four and fall silent.
// Then it tries ten uploads, for two seconds each, and prints what came of it.
func Try(address string, silent int) {
	for range silent {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\npart")
	}
	client := http.Client{Timeout: 2 * time.Second}
	served := 0
	for range 10 {
		reply, err := client.Post("http://"+address, "text/plain", strings.NewReader("all of it"))
		if err != nil {
			continue
		}
		reply.Body.Close()
		if reply.StatusCode == http.StatusOK {
			served++
		}
	}
	fmt.Printf("%d of 10 uploads were served; %d goroutines\n", served, runtime.NumGoroutine())
}
