package main

import (
	"fmt"
	"strconv"
)

// A product is an article as the catalogue has it.
type product struct {
	name  string
	price int
	like  *product
}

// receipts prints what a customer gets.
type receipts struct {
	catalogue []*product
}

// newReceipts reads a catalogue with the articles of all branches.
func newReceipts() *receipts {
	r := &receipts{}
	var last *product
	for number := range 64 * articles {
		last = &product{"article " + strconv.Itoa(number), 100 + number%900, last}
		r.catalogue = append(r.catalogue, last)
	}
	return r
}

// print is a receipt; now and then it recommends something.
func (r *receipts) print(number uint64, article, left int) []byte {
	bought := r.catalogue[article]
	text := fmt.Appendf(nil, "%d: %s, %d, %d left\n", number, bought.name, bought.price, left)
	if number%8 == 0 {
		text = append(text, r.recommend(bought)...)
	}
	return text
}

// recommend is the first product with the price of what was bought.
func (r *receipts) recommend(bought *product) string {
	byPrice := make(map[int][]*product)
	for _, other := range r.catalogue[:10*articles] {
		likely := &product{other.name, other.price, bought}         // fault
		byPrice[other.price] = append(byPrice[other.price], likely) // fault
	}
	for _, other := range byPrice[bought.price] {
		if other.name != bought.name {
			return other.name
		}
	}
	return ""
}
