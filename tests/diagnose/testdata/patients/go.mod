module patients

go 1.24
