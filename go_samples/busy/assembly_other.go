//go:build !amd64 && !arm64

package main

import (
	"errors"

	"schedlab/samples/internal/report"
)

func inAssembly(int) {
	report.Fail(errors.New("busy: there is assembly for amd64 and arm64 only"))
}
