// ledger has workers that encode entries and append them to one book, which a
// mutex guards.
//
// Watch for: how many workers wait for the mutex. With -encode inside each
// entry is encoded while the book is locked, so one worker works and all others
// queue, whatever the number of Ps. With -encode outside only the append is
// inside, and the same work is done on every P.
//
//	./ledger -encode inside
//	./ledger -encode outside
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"sync"

	"schedlab/samples/internal/report"
)

type entry struct {
	Worker int   `json:"worker"`
	Number int   `json:"number"`
	Before []int `json:"before"`
	After  []int `json:"after"`
}

type book struct {
	mutex sync.Mutex
	bytes int
}

type result struct {
	Encode  string `json:"encode"`
	Workers int    `json:"workers"`
	Entries int    `json:"entries"`
	Bytes   int    `json:"bytes"`
}

func main() {
	encode := flag.String("encode", "inside", "where an entry is encoded: inside or outside the lock")
	workers := flag.Int("workers", 32, "how many workers there are")
	entries := flag.Int("entries", 200, "how many entries each of them writes")
	flag.Parse()
	if *encode != "inside" && *encode != "outside" {
		report.Fail(fmt.Errorf("-encode %s: it is inside or outside", *encode))
	}

	var book book
	write := book.writeInside
	if *encode == "outside" {
		write = book.writeOutside
	}
	var all sync.WaitGroup
	all.Add(*workers)
	for worker := range *workers {
		go func() {
			defer all.Done()
			for number := range *entries {
				write(entry{worker, number, make([]int, 300), make([]int, 300)})
			}
		}()
	}
	all.Wait()
	report.Print(result{*encode, *workers, *workers * *entries, book.bytes})
}

func (b *book) writeInside(one entry) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.bytes += len(encoded(one))
}

func (b *book) writeOutside(one entry) {
	text := encoded(one)
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.bytes += len(text)
}

func encoded(one entry) []byte {
	text, err := json.Marshal(one)
	if err != nil {
		report.Fail(err)
	}
	return text
}
