package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// healthy are programs whose goroutines all end, or are meant to stay.
var healthy = []program{
	{name: "steady_pool", start: workers(50), step: func() {
		for range 20 {
			jobs <- compute
		}
	}},
	{name: "idle_pool", start: workers(200)},
	{name: "bursts", every: 200 * time.Millisecond, step: crowd(30, 20*time.Millisecond)},
	{name: "big_bursts", every: 500 * time.Millisecond, step: crowd(500, 100*time.Millisecond)},
	{name: "plateau", every: 20 * time.Millisecond, step: upTo(40)},
	{name: "slow_plateau", every: 40 * time.Millisecond, step: upTo(30)},
	{name: "long_lived", start: func() {
		for range 10 {
			go func() {
				ticks := time.NewTicker(15 * time.Millisecond)
				defer ticks.Stop()
				for range ticks.C {
					compute()
				}
			}()
		}
	}},
	{name: "idle_connections", start: func() {
		listen(discard)()
		for range 100 {
			dial()
		}
	}},
	{name: "keep_alive", start: serveText, step: get},
	{name: "cache_janitor", start: janitor, step: func() {
		cache.Store(time.Now().UnixNano()%64, compute())
	}},
	{name: "timeouts", step: func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		go func() {
			defer cancel()
			<-ctx.Done()
		}()
	}},
	{name: "rising_load", step: func() {
		load++
		crowd(load/2, 60*time.Millisecond)()
	}},
	{name: "buffered_early_return", step: func() {
		result := make(chan int, 1)
		go func() { result <- compute() }()
		select {
		case <-result:
		case <-time.After(time.Microsecond):
		}
	}},
	{name: "cancel_called", step: func() {
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-ctx.Done() }()
		time.AfterFunc(150*time.Millisecond, cancel)
	}},
	{name: "ticker_stopped", step: func() {
		go func() {
			ticks := time.NewTicker(20 * time.Millisecond)
			defer ticks.Stop()
			for range 5 {
				<-ticks.C
			}
		}()
	}},
	{name: "range_closed", step: func() {
		numbers := make(chan int)
		go func() {
			for n := range numbers {
				sink(n)
			}
		}()
		numbers <- compute()
		close(numbers)
	}},
	{name: "pipeline_with_done", step: func() {
		done, numbers := make(chan struct{}), make(chan int)
		go func() {
			for i := range 100 {
				select {
				case numbers <- i:
				case <-done:
					return
				}
			}
		}()
		<-numbers
		close(done)
	}},
	{name: "contended_lock", start: func() {
		for range 20 {
			go func() {
				for {
					account.Lock()
					time.Sleep(time.Millisecond)
					account.Unlock()
				}
			}()
		}
	}},
	{name: "readers_and_a_writer", start: func() {
		for reader := range 10 {
			go func() {
				for {
					table.RLock()
					compute()
					table.RUnlock()
					if reader == 0 {
						table.Lock()
						compute()
						table.Unlock()
					}
					time.Sleep(time.Millisecond)
				}
			}()
		}
	}},
	{name: "fan_out", step: func() {
		var all sync.WaitGroup
		for range 8 {
			all.Add(1)
			go func() {
				defer all.Done()
				time.Sleep(10 * time.Millisecond)
			}()
		}
		all.Wait()
	}},
	{name: "queue_with_cond", start: consumers(12), step: func() {
		lock.Lock()
		waiting += 5
		lock.Unlock()
		filled.Broadcast()
	}},
	{name: "semaphore", step: func() {
		for range 4 {
			go func() {
				gate <- struct{}{}
				time.Sleep(50 * time.Millisecond)
				<-gate
			}()
		}
	}},
	{name: "group_with_context", step: func() {
		ctx, cancel := context.WithCancel(context.Background())
		for range 4 {
			go func() { <-ctx.Done() }()
		}
		go func() {
			compute()
			cancel() // one failed, and the others need not go on
		}()
	}},
	{name: "one_call_for_all", step: func() {
		answer := make(chan struct{})
		for range 10 {
			go func() { <-answer }()
		}
		time.AfterFunc(30*time.Millisecond, func() { close(answer) })
	}},
	{name: "subscribers_come_and_go", step: func() {
		events := make(chan int)
		go func() {
			for event := range events {
				sink(event)
			}
		}()
		time.AfterFunc(300*time.Millisecond, func() { close(events) })
	}},
	{name: "parked_on_purpose", start: func() { go func() { select {} }() }, step: crowd(3, step)},
	{name: "slow_requests", every: 100 * time.Millisecond, step: crowd(1, 900*time.Millisecond)},
	{name: "batch", every: 800 * time.Millisecond, step: crowd(20, 700*time.Millisecond)},
	{name: "chat", start: listen(discard), every: 20 * time.Millisecond, step: func() {
		if len(opened) < 40 {
			dial()
		}
		for _, conn := range opened {
			fmt.Fprintln(conn, "ping")
		}
	}},
	{name: "many_timers", start: func() {
		for range 1000 {
			time.AfterFunc(time.Hour, func() {})
		}
	}},
	{name: "retries", step: func() {
		go func() {
			for wait := time.Millisecond; wait < 100*time.Millisecond; wait *= 2 {
				time.Sleep(wait)
			}
		}()
	}},
	{name: "pipe_closed", step: func() {
		reader, writer := io.Pipe()
		go func() {
			fmt.Fprintln(writer, "a line")
			writer.CloseWithError(io.EOF)
		}()
		io.Copy(io.Discard, reader)
	}},
	{name: "workers_on_demand", every: 30 * time.Millisecond, step: func() {
		select {
		case jobs <- compute:
		default:
			if started < 16 {
				started++
				workers(1)()
			}
		}
	}},
	{name: "debounce", step: func() {
		time.AfterFunc(20*time.Millisecond, func() { time.Sleep(10 * time.Millisecond) })
	}},
	{name: "reconnecting", start: func() {
		for range 5 {
			go reconnect()
		}
	}},
	{name: "bodies_closed", start: serveText, step: func() {
		for range 3 {
			go get()
		}
	}},
	{name: "pool_becomes_idle", start: func() {
		for worker := range 60 {
			go func() {
				time.Sleep(time.Duration(worker) * 100 * time.Millisecond)
				for job := range jobs {
					job()
				}
			}()
		}
	}},
}

var (
	jobs    = make(chan func() int)
	gate    = make(chan struct{}, 8)
	cache   sync.Map
	load    int
	staying int
	started int
	lock    sync.Mutex
	waiting int
	filled  = sync.NewCond(&lock)
)

// workers starts so many that stay and do jobs.
func workers(count int) func() {
	return func() {
		for range count {
			go func() {
				for job := range jobs {
					job()
				}
			}()
		}
	}
}

// crowd starts goroutines that end after a while.
func crowd(count int, life time.Duration) func() {
	return func() {
		for range count {
			go func() { time.Sleep(life) }()
		}
	}
}

// upTo starts one more worker that stays, until there are so many.
func upTo(most int) func() {
	return func() {
		if staying < most {
			staying++
			workers(1)()
		}
	}
}

func consumers(count int) func() {
	return func() {
		for range count {
			go func() {
				for {
					lock.Lock()
					for waiting == 0 {
						filled.Wait()
					}
					waiting--
					lock.Unlock()
					compute()
				}
			}()
		}
	}
}

func janitor() {
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			cache.Range(func(key, _ any) bool {
				cache.Delete(key)
				return true
			})
		}
	}()
}

func discard(conn net.Conn) {
	io.Copy(io.Discard, conn)
	conn.Close()
}

func get() {
	answer, err := http.Get("http://" + texts + "/text")
	if err != nil {
		return
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

func reconnect() {
	time.Sleep(70 * time.Millisecond)
	go reconnect()
}
