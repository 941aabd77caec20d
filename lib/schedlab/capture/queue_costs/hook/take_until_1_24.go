package runtime

// What Go 1.24 and earlier take from the global queue by: one, or as many as
// half a local queue, for which max is 0.

func schedlabTakeOne(pp *p) *g {
	return globrunqget(pp, 1)
}

func schedlabTakeBatch(pp *p) *g {
	return globrunqget(pp, 0)
}
