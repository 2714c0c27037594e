// SPDX-License-Identifier: Apache-2.0

// Asks extension API servers through each control plane's own address at a steady rate, and counts what went wrong. It
// ends on SIGTERM or SIGINT. The summary, one JSON object, is written anew each second and at the end.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const mostInFlight = 1000

func main() {
	addresses := flag.String("addresses", "", "the control planes' addresses, with commas between")
	paths := flag.String("paths", "", "the paths to ask for, with commas between")
	pki := flag.String("pki", "", "directory with ca.pem, and USER.pem and USER-key.pem of each user")
	users := flag.String("users", "", "the users to ask as, with commas between")
	groups := flag.String("groups", "", "the groups that each user has to be seen with, with commas between")
	rate := flag.Float64("rate", 200, "requests a second in all")
	reconnect := flag.Duration("reconnect", 10*time.Second, "how long a connection is kept")
	failover := flag.Bool("failover", false, "a request that fails is sent to the other control planes, as clients of a balancer do")
	output := flag.String("output", "", "the summary's file")
	flag.Parse()

	asks := newAsks(split(*addresses), split(*paths), split(*users), *pki, *reconnect)
	if *failover {
		for _, one := range asks {
			one.others = alike(asks, one)
		}
	}
	sum := newSummary(*rate, split(*groups))
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	written := time.NewTicker(time.Second)
	var inFlight atomic.Int64
	start, number := time.Now(), 0
	for running := true; running; {
		due := start.Add(time.Duration(float64(number) / *rate * float64(time.Second)))
		select {
		case <-ended:
			running = false
		case <-written.C:
			save(sum, *output, true)
		case <-time.After(time.Until(due)):
			sum.sending(time.Since(due))
			one := asks[number%len(asks)]
			number++
			if inFlight.Load() >= mostInFlight {
				sum.failed(one, fmt.Sprintf("not sent: %d are unanswered", mostInFlight), time.Now())
				continue
			}
			inFlight.Add(1)
			go func() {
				defer inFlight.Add(-1)
				one.send(sum)
			}()
		}
	}
	// Every request that was sent counts.
	for inFlight.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	save(sum, *output, false)
}

func save(sum *summary, output string, running bool) {
	if err := os.WriteFile(output+".new", sum.json(running), 0o644); err != nil {
		log.Fatal(err)
	}
	if err := os.Rename(output+".new", output); err != nil {
		log.Fatal(err)
	}
}

// The control planes take turns; then the paths, then the users.
func newAsks(addresses, paths, users []string, pki string, reconnect time.Duration) (asks []*ask) {
	roots := x509.NewCertPool()
	ca, err := os.ReadFile(filepath.Join(pki, "ca.pem"))
	if err != nil {
		log.Fatal(err)
	}
	roots.AppendCertsFromPEM(ca)
	clients := map[string]*client{}
	for _, user := range users {
		pair, err := tls.LoadX509KeyPair(filepath.Join(pki, user+".pem"), filepath.Join(pki, user+"-key.pem"))
		if err != nil {
			log.Fatal(err)
		}
		config := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}
		for _, path := range paths {
			for _, address := range addresses {
				// One connection for a user to a control plane.
				key := user + " " + address
				if clients[key] == nil {
					// Not all of them are made anew at the same time.
					age := reconnect * time.Duration(len(clients)) / time.Duration(len(users)*len(addresses))
					clients[key] = &client{config: config, life: reconnect, made: time.Now().Add(-age)}
				}
				asks = append(asks, &ask{address: address, path: path, user: user, client: clients[key]})
			}
		}
	}
	return asks
}

// alike are those that ask the same of other control planes.
func alike(asks []*ask, one *ask) (others []*ask) {
	for _, other := range asks {
		if other.path == one.path && other.user == one.user && other.address != one.address {
			others = append(others, other)
		}
	}
	return others
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

func newTransport(config *tls.Config) *http.Transport {
	return &http.Transport{
		TLSClientConfig: config, ForceAttemptHTTP2: true, IdleConnTimeout: 15 * time.Second,
		TLSHandshakeTimeout: 5 * time.Second,
	}
}
