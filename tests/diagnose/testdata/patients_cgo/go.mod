module patients_cgo

go 1.25

require patients v0.0.0

replace patients => ../patients
