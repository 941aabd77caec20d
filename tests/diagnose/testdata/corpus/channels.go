package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// channels are leaks of goroutines that wait for a channel.
var channels = []program{
	{name: "send_early_return", step: func() {
		result := make(chan int)
		go func() {
			result <- compute() // leak: send_early_return
		}()
		select {
		case <-result:
		case <-time.After(time.Microsecond):
		}
	}},
	{name: "forgotten_receiver", step: func() {
		order := make(chan int)
		go func() {
			sink(<-order) // leak: forgotten_receiver
		}()
	}},
	{name: "range_unclosed", step: func() {
		jobs := make(chan int)
		go func() {
			for job := range jobs { // leak: range_unclosed
				sink(job)
			}
		}()
		jobs <- 1
		jobs <- 2
	}},
	{name: "nil_receive", step: func() {
		var never chan int
		go func() {
			sink(<-never) // leak: nil_receive
		}()
	}},
	{name: "nil_send", step: func() {
		var out struct{ results chan int }
		go func() {
			out.results <- compute() // leak: nil_send
		}()
	}},
	{name: "first_answer_wins", step: func() {
		answers := make(chan int)
		for range 3 {
			go func() {
				answers <- compute() // leak: first_answer_wins
			}()
		}
		<-answers
	}},
	{name: "error_stops_reading", step: func() {
		rows := make(chan int)
		go produce(rows)
		for row := range rows {
			if row == 2 {
				return
			}
		}
	}},
	{name: "done_never_closed", step: func() {
		done, jobs := make(chan struct{}), make(chan int)
		go func() {
			for {
				select { // leak: done_never_closed
				case <-done:
					return
				case job := <-jobs:
					sink(job)
				}
			}
		}()
		jobs <- 1
	}},
	{name: "missing_cancel", step: func() {
		ctx, cancel := context.WithCancel(context.Background())
		forget(cancel)
		go func() {
			<-ctx.Done() // leak: missing_cancel
			compute()
		}()
	}},
	{name: "cancel_only_on_error", step: func() {
		ctx, cancel := context.WithCancel(background)
		updates := make(chan int, 1)
		updates <- 1
		go func() {
			for {
				select { // leak: cancel_only_on_error
				case <-ctx.Done():
					return
				case update := <-updates:
					sink(update)
				}
			}
		}()
		if compute() == 0 {
			cancel()
		}
		forget(cancel)
	}},
	{name: "select_without_default", step: func() {
		values, errs := make(chan int), make(chan error)
		go func() {
			select { // leak: select_without_default
			case values <- compute():
			case errs <- io.EOF:
			}
		}()
	}},
	{name: "pipeline_abandoned", step: func() {
		numbers, squares := make(chan int), make(chan int)
		go func() {
			for i := range 100 {
				numbers <- i
			}
			close(numbers)
		}()
		go func() {
			for n := range numbers {
				squares <- n * n // leak: pipeline_abandoned
			}
			close(squares)
		}()
		<-squares
	}},
	{name: "one_fails_others_wait", step: func() {
		input, failed := make(chan int), make(chan error, 3)
		for worker := range 3 {
			go func() {
				if worker == 0 {
					failed <- errors.New("no database")
					return
				}
				sink(<-input) // leak: one_fails_others_wait
				failed <- nil
			}()
		}
		<-failed
	}},
	{name: "pool_per_request", step: func() {
		jobs := make(chan int)
		for range 2 {
			go func() {
				for {
					job, ok := <-jobs // leak: pool_per_request
					if !ok {
						return
					}
					sink(job)
				}
			}()
		}
		jobs <- 1
	}},
	{name: "ready_never_closed", step: func() {
		ready := make(chan struct{})
		go func() {
			if compute() == 0 {
				close(ready)
			}
		}()
		go func() {
			<-ready // leak: ready_never_closed
			compute()
		}()
	}},
	{name: "semaphore_not_released", step: func() {
		go func() {
			slots <- struct{}{} // leak: semaphore_not_released
			if compute() != 0 {
				return
			}
			<-slots
		}()
	}},
	{name: "subscribers_kept", step: func() {
		events := make(chan int)
		subscribers = append(subscribers, events)
		go func() {
			for event := range events { // leak: subscribers_kept
				sink(event)
			}
		}()
	}},
	{name: "pool_connection_kept", start: func() { idle <- 1; idle <- 2 }, step: func() {
		go func() {
			connection := <-idle // leak: pool_connection_kept
			sink(connection)
		}()
	}},
	{name: "signals_per_request", step: func() {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGUSR2)
		go func() {
			<-stop // leak: signals_per_request
			compute()
		}()
	}},
	{name: "slow_leak", every: 400 * time.Millisecond, step: func() {
		result := make(chan int)
		go func() {
			result <- compute() // leak: slow_leak
		}()
	}},
	{name: "leak_beside_traffic", step: func() {
		for range 5 {
			go func() {
				time.Sleep(30 * time.Millisecond)
			}()
		}
		result := make(chan int)
		go func() {
			result <- compute() // leak: leak_beside_traffic
		}()
	}},
	{name: "full_queue", step: func() {
		go func() {
			queue <- compute() // leak: full_queue
		}()
	}},
}

var (
	background  = context.Background()
	slots       = make(chan struct{}, 2)
	idle        = make(chan int, 2)
	queue       = make(chan int, 4)
	subscribers []chan int
)

func produce(rows chan<- int) {
	for row := range 10 {
		rows <- row // leak: error_stops_reading
	}
	close(rows)
}

func sink(int) {}

// forget is what a program does that has no use for its cancel function.
func forget(context.CancelFunc) {}
