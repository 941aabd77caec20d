module patients

go 1.25
