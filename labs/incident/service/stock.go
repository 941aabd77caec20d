package main

import (
	"math/rand/v2"
	"sync"
	"time"
)

const (
	articles = 256
	fresh    = time.Second
)

// An entry is what is left of an article, and until when that may be said.
type entry struct {
	left  int
	until time.Time
}

// stock is a cache of what the suppliers say.
type stock struct {
	suppliers *suppliers
	mu        sync.Mutex
	entries   map[int]entry
}

func newStock(suppliers *suppliers) *stock {
	return &stock{suppliers: suppliers, entries: make(map[int]entry)}
}

// level is what is left of an article.
func (s *stock) level(article int) int {
	s.mu.Lock()
	found, ok := s.entries[article]
	s.mu.Unlock()
	if ok && time.Now().Before(found.until) {
		return found.left
	}
	return s.renew(article)
}

// renew asks the suppliers, and keeps what they say.
func (s *stock) renew(article int) int {
	left := s.suppliers.quote(article)
	s.mu.Lock()
	s.entries[article] = entry{left, time.Now().Add(fresh + rand.N(fresh))}
	s.mu.Unlock()
	return left
}
