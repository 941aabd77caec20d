module selftrace

go 1.24
