module aggbootstrap.test/extension-server

go 1.19
