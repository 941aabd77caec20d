// A pipeline whose stages all hear of it when the one who asked has left:
// every send can be given up.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	batches = 50
	records = 200
	workers = 4
)

// How long to stay although standard input has ended, to look by hand.
var hold = flag.Duration("hold", 0, "stay this long after standard input has ended")

var errBad = errors.New("bad record")

type result struct {
	value uint64
	err   error
}

func main() {
	seed := flag.Uint64("seed", 1, "the number of the first record")
	flag.Parse()
	var total, failed uint64
	for batch := range uint64(batches) {
		// Every other batch has a bad record.
		sum, err := process(context.Background(), *seed+batch*records, batch%2 == 1)
		if err != nil {
			failed++
			continue
		}
		total += sum
	}
	untilTold()
	json.NewEncoder(os.Stdout).Encode(map[string]uint64{"total": total, "failed": failed})
}

// process gives the sum of a batch, or the first error in it: one goroutine
// hands out the records, workers parse them, and one more closes results when
// all is done.
func process(ctx context.Context, begin uint64, bad bool) (uint64, error) {
	// Whoever leaves process, by whatever return, ends all stages.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs := make(chan uint64)
	results := make(chan result)
	go func() {
		defer close(jobs)
		for n := begin; n < begin+records; n++ {
			select {
			case jobs <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	var done sync.WaitGroup
	for range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			for n := range jobs {
				select {
				case results <- parse(n, begin, bad):
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	go func() {
		done.Wait()
		close(results)
	}()
	var sum uint64
	for r := range results {
		if r.err != nil {
			return 0, r.err
		}
		sum += r.value
	}
	return sum, nil
}

// parse is the work on one record. Of a bad batch, the third record is bad.
func parse(n, begin uint64, bad bool) result {
	if bad && n == begin+2 {
		return result{err: errBad}
	}
	return result{value: n * n}
}

// untilTold says that the work is done, and waits until standard input ends.
// The check counts the goroutines meanwhile.
func untilTold() {
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	time.Sleep(*hold)
}
