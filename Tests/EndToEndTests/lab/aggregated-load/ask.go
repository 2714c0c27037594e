// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"
)

// client keeps a connection and now and then makes it anew.
type client struct {
	config *tls.Config
	life   time.Duration

	guard sync.Mutex
	kept  *http.Transport
	made  time.Time
}

func (c *client) transport() *http.Transport {
	c.guard.Lock()
	defer c.guard.Unlock()
	if c.kept == nil {
		c.kept = newTransport(c.config)
	} else if time.Since(c.made) > c.life {
		c.kept.CloseIdleConnections()
		c.kept, c.made = newTransport(c.config), time.Now()
	}
	return c.kept
}

// ask is one user's question to one control plane for one path.
type ask struct {
	address, path, user string
	client              *client
	others              []*ask // the same of other control planes, for a client that fails over
}

// seen is what an extension server answers with.
type seen struct {
	Instance    string
	User        string
	Groups      []string
	Certificate certificate
}

type certificate struct{ Serial, Issuer string }

func (a *ask) send(sum *summary) {
	started := time.Now()
	got, err := a.answer()
	for _, other := range a.others {
		if err == nil {
			break
		}
		sum.failedOver()
		a = other
		got, err = a.answer()
	}
	ended := time.Now()
	if err != nil {
		// Its time is when it was known to have failed.
		sum.failed(a, err.Error(), ended)
		return
	}
	sum.answered(a, got, ended, ended.Sub(started))
}

func (a *ask) answer() (got seen, err error) {
	request, err := http.NewRequest("GET", "https://"+a.address+":6443"+a.path, nil)
	if err != nil {
		return got, err
	}
	answer, err := (&http.Client{Transport: a.client.transport(), Timeout: 10 * time.Second}).Do(request)
	if err != nil {
		return got, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return got, err
	}
	if answer.StatusCode != http.StatusOK {
		return got, fmt.Errorf("%d %s", answer.StatusCode, reason(body))
	}
	err = json.Unmarshal(body, &got)
	return got, err
}

// What a Status says, or else the text.
func reason(body []byte) string {
	var status struct{ Message string }
	if json.Unmarshal(body, &status) == nil && status.Message != "" {
		return status.Message
	}
	text := strings.TrimSpace(string(body))
	if len(text) > 300 {
		text = text[:300]
	}
	return text
}

// sorted is the list in a form that can be compared.
func sorted(list []string) string {
	copied := append([]string{}, list...)
	sort.Strings(copied)
	return strings.Join(copied, ",")
}
