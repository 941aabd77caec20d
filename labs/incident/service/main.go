// service takes orders: it looks up the stock, gets a number, prints a
// receipt. It is the service of an incident as it should be; in each
// incident one of its files is another one (../_faults).
//
// Watch for: nothing in these files before you have written your diagnosis.
//
//	./service -for 1m
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"time"
)

func main() {
	clients := flag.Int("clients", 96, "how many clients there are")
	pause := flag.Duration("pause", 30*time.Millisecond, "how long a client pauses between orders, on average")
	length := flag.Duration("for", time.Minute, "how long")
	flag.Parse()
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)

	store, err := open()
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(listener, nil)) }()
	for range *clients {
		go store.client(*pause)
	}
	fmt.Printf("{\"address\": %q}\n", listener.Addr())
	store.report(time.Now().Add(*length))
}

// A shop is all parts of the service.
type shop struct {
	stock    *stock
	receipts *receipts
	numbers  *numbers
	counts   counts
}

func open() (*shop, error) {
	suppliers, err := openSuppliers()
	if err != nil {
		return nil, err
	}
	go newRanking().keep()
	return &shop{stock: newStock(suppliers), receipts: newReceipts(), numbers: openNumbers()}, nil
}

// client orders, and pauses, without end.
func (s *shop) client(pause time.Duration) {
	for {
		time.Sleep(pause/2 + rand.N(pause))
		began := time.Now()
		s.order(rand.N(articles))
		s.counts.add(time.Since(began))
	}
}

// order answers one order with a receipt.
func (s *shop) order(article int) []byte {
	left := s.stock.level(article)
	number := s.numbers.next()
	return s.receipts.print(number, article, left)
}

// report prints how the service does, twice a second until the end.
func (s *shop) report(end time.Time) {
	lines := json.NewEncoder(os.Stdout)
	for time.Now().Before(end) {
		time.Sleep(500 * time.Millisecond)
		if err := lines.Encode(s.counts.since()); err != nil {
			log.Fatal(err)
		}
	}
}
