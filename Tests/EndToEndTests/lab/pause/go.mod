module aggbootstrap.test/pause

go 1.19
