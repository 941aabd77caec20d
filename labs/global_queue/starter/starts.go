package main

// flood starts all tasks, and has to fill the local queue.
func flood() {
	for n := range tasks {
		finished := make(chan struct{})
		go func() {
			task(n)
			close(finished)
		}()
		<-finished
	}
}

// steady starts all tasks, and must not fill the local queue.
func steady() {
	for n := range tasks {
		go task(n)
	}
}
