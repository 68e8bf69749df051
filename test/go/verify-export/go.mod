module vouch.example/verify-export

go 1.19

require golang.org/x/mod v0.7.0

// Debian's golang-golang-x-mod-dev, so that it builds without a network. Elsewhere: go mod edit -dropreplace golang.org/x/mod
replace golang.org/x/mod => /usr/share/gocode/src/golang.org/x/mod
