package main

import (
	"encoding/binary"
	"io"
	"log"
	"net"
	"time"
)

// enough is what one supplier must have, or the other one is asked too.
const enough = 30

// suppliers are other services, which answer over the network. Here they
// are in this process, behind a loopback address.
type suppliers struct {
	address string
	idle    chan net.Conn
}

func openSuppliers() (*suppliers, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go supply(conn)
		}
	}()
	return &suppliers{listener.Addr().String(), make(chan net.Conn, 64)}, nil
}

// supply is a supplier: each time it is asked it takes its time, and says
// what it has.
func supply(conn net.Conn) {
	defer conn.Close()
	for {
		var asked [2]byte
		if _, err := io.ReadFull(conn, asked[:]); err != nil {
			return
		}
		time.Sleep(4 * time.Millisecond)
		left := (binary.BigEndian.Uint16(asked[:]) * 7) % 100
		if _, err := conn.Write(binary.BigEndian.AppendUint16(nil, left)); err != nil {
			return
		}
	}
}

// quote is what is left of an article: it asks two suppliers at once, and
// takes the first answer that is enough.
func (s *suppliers) quote(article int) int {
	const both = 2
	answers := make(chan int) // fault
	for range both {
		go s.ask(article, answers)
	}
	most := 0
	for range both {
		most = max(most, <-answers)
		if most >= enough {
			return most // fault
		}
	}
	return most
}

// ask asks one supplier.
func (s *suppliers) ask(article int, answers chan<- int) {
	left, err := s.exchange(uint16(article))
	if err != nil {
		log.Fatal(err)
	}
	answers <- left // fault
}

// exchange sends a question over a connection that is idle, or a new one.
func (s *suppliers) exchange(asked uint16) (int, error) {
	var conn net.Conn
	select {
	case conn = <-s.idle:
	default:
		var err error
		if conn, err = net.Dial("tcp", s.address); err != nil {
			return 0, err
		}
	}
	if _, err := conn.Write(binary.BigEndian.AppendUint16(nil, asked)); err != nil {
		return 0, err
	}
	var answer [2]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return 0, err
	}
	select {
	case s.idle <- conn:
	default:
		conn.Close()
	}
	return int(binary.BigEndian.Uint16(answer[:])), nil
}
