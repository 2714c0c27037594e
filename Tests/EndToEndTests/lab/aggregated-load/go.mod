module aggbootstrap.test/aggregated-load

go 1.19
