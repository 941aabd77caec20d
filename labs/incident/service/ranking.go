package main

import "time"

const (
	shelves = 3
	// rounds take longer than the 10 ms after which the runtime preempts.
	rounds = 30_000_000
)

// ranking says how well articles sell, shelf by shelf.
type ranking struct {
	scores [shelves]uint64
}

func newRanking() *ranking {
	return &ranking{}
}

// keep computes the ranking anew from time to time.
func (r *ranking) keep() {
	for range time.Tick(900 * time.Millisecond) {
		r.renew()
	}
}

// renew computes all shelves, one after the other.
func (r *ranking) renew() {
	for shelf := range r.scores {
		r.score(shelf)
	}
}

// score computes one shelf.
func (r *ranking) score(shelf int) {
	sum := uint64(shelf) + 1
	for range rounds {
		sum ^= sum<<13 ^ sum>>7
	}
	r.scores[shelf] = sum
}
