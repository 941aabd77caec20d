package runtime

// What Go 1.25 and later take from the global queue by.

func schedlabTakeOne(*p) *g {
	return globrunqget()
}

func schedlabTakeBatch(pp *p) *g {
	gp, rest := globrunqgetbatch(int32(len(pp.runq)) / 2)
	runqputbatch(pp, &rest)
	return gp
}
