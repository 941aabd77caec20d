module probed

go 1.22
