module selftrace

go 1.21
