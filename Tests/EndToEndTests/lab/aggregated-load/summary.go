// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"sync"
	"time"
)

// summary is what is counted. Times are seconds since 1970; 0 is never.
type summary struct {
	guard  sync.Mutex
	groups string
	begun  time.Time

	Running    bool    `json:"running"`
	RateWanted float64 `json:"rate_wanted"`
	Rate       float64 `json:"rate"`
	Seconds    float64 `json:"seconds"`
	total
	FailedOver     int               `json:"failed_over"` // requests that another control plane had to answer
	MostLate       float64           `json:"most_late_seconds"` // how much later than it was due a request was sent
	Slowest        float64           `json:"slowest_seconds"`
	TroubleSeconds float64           `json:"trouble_seconds"` // from the first failure to the last
	Failures       []*failure        `json:"failures"`
	ControlPlanes  map[string]*plane `json:"control_planes"`
	Paths          map[string]*total `json:"paths"`
}

type total struct {
	Requests     int     `json:"requests"`
	Failed       int     `json:"failed"`
	WrongUser    int     `json:"wrong_user"`
	FirstFailure float64 `json:"first_failure"`
	LastFailure  float64 `json:"last_failure"`
}

// plane is what went through one control plane, and the certificates that it showed to the extension servers.
type plane struct {
	total
	Certificates []*shown `json:"proxy_certificates"`
}

type shown struct {
	Serial    string         `json:"serial"`
	Issuer    string         `json:"issuer"`
	Requests  int            `json:"requests"`
	First     float64        `json:"first"`
	Last      float64        `json:"last"`
	Instances map[string]int `json:"instances"`
}

// failure is one kind of failure at one control plane for one path.
type failure struct {
	Address string  `json:"address"`
	Path    string  `json:"path"`
	What    string  `json:"what"`
	Count   int     `json:"count"`
	First   float64 `json:"first"`
	Last    float64 `json:"last"`
}

func newSummary(rate float64, groups []string) *summary {
	return &summary{
		groups: sorted(groups), begun: time.Now(), RateWanted: rate,
		Failures: []*failure{}, ControlPlanes: map[string]*plane{}, Paths: map[string]*total{},
	}
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func (s *summary) failedOver() {
	s.guard.Lock()
	defer s.guard.Unlock()
	s.FailedOver++
}

func (s *summary) sending(late time.Duration) {
	s.guard.Lock()
	defer s.guard.Unlock()
	if late.Seconds() > s.MostLate {
		s.MostLate = late.Seconds()
	}
}

// totals are the three that a request counts in. The guard is held.
func (s *summary) totals(a *ask) []*total {
	if s.ControlPlanes[a.address] == nil {
		s.ControlPlanes[a.address] = &plane{Certificates: []*shown{}}
	}
	if s.Paths[a.path] == nil {
		s.Paths[a.path] = &total{}
	}
	return []*total{&s.total, &s.ControlPlanes[a.address].total, s.Paths[a.path]}
}

// Ports and addresses of connections differ each time, which would make each failure one of its own kind.
var port = regexp.MustCompile(`((?:\d+\.){3}\d+):\d{4,5}->`)

func (s *summary) failed(a *ask, what string, at time.Time) {
	s.guard.Lock()
	defer s.guard.Unlock()
	for _, one := range s.totals(a) {
		one.Requests++
		one.Failed++
		one.between(at)
	}
	s.note(a, port.ReplaceAllString(what, "$1->"), at)
}

func (t *total) between(at time.Time) {
	if t.FirstFailure == 0 {
		t.FirstFailure = seconds(at)
	}
	if seconds(at) > t.LastFailure {
		t.LastFailure = seconds(at)
	}
}

// note remembers what went wrong. The guard is held.
func (s *summary) note(a *ask, what string, at time.Time) {
	for _, one := range s.Failures {
		if one.Address == a.address && one.Path == a.path && one.What == what {
			one.Count++
			one.Last = seconds(at)
			return
		}
	}
	s.Failures = append(s.Failures, &failure{a.address, a.path, what, 1, seconds(at), seconds(at)})
}

func (s *summary) answered(a *ask, got seen, at time.Time, took time.Duration) {
	s.guard.Lock()
	defer s.guard.Unlock()
	wrong := got.User != a.user || sorted(got.Groups) != s.groups
	for _, one := range s.totals(a) {
		one.Requests++
		if wrong {
			one.WrongUser++
		}
	}
	if wrong {
		s.note(a, fmt.Sprintf("wrong user: %s %q and not %s", got.User, got.Groups, a.user), at)
	}
	if took.Seconds() > s.Slowest {
		s.Slowest = took.Seconds()
	}
	s.ControlPlanes[a.address].shown(got, at)
}

func (p *plane) shown(got seen, at time.Time) {
	for _, one := range p.Certificates {
		if one.Serial == got.Certificate.Serial && one.Issuer == got.Certificate.Issuer {
			one.Requests++
			one.Last = seconds(at)
			one.Instances[got.Instance]++
			return
		}
	}
	p.Certificates = append(p.Certificates, &shown{
		got.Certificate.Serial, got.Certificate.Issuer, 1, seconds(at), seconds(at), map[string]int{got.Instance: 1},
	})
}

func (s *summary) json(running bool) []byte {
	s.guard.Lock()
	defer s.guard.Unlock()
	s.Running = running
	s.Seconds = time.Since(s.begun).Seconds()
	s.Rate = float64(s.Requests) / s.Seconds
	s.TroubleSeconds = s.LastFailure - s.FirstFailure
	sort.SliceStable(s.Failures, func(i, j int) bool { return s.Failures[i].First < s.Failures[j].First })
	made, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(made, '\n')
}
