// Wrong here: a pool of workers is a good way to run many tasks, and starts
// few goroutines. The question was what becomes of many.
package main

// flood starts all tasks, and has to fill the local queue.
func flood() {
	for n := range tasks {
		go task(n)
	}
}

// steady starts all tasks, and must not fill the local queue.
func steady() {
	numbers := make(chan int)
	for range 8 {
		go func() {
			for n := range numbers {
				task(n)
			}
		}()
	}
	for n := range tasks {
		numbers <- n
	}
	close(numbers)
}
