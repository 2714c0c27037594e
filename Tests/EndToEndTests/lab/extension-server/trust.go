// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

// Whom the server believes who a request is from.
type trust struct {
	requestHeader *x509.CertPool // nil: no proxy is believed
	client        *x509.CertPool // nil: no client certificate is
	asked         *x509.CertPool // the two together: their subjects are in the handshake's CertificateRequest
	names         []string       // the common names a proxy may have; none given means any
	userHeaders   []string
	groupHeaders  []string
	subjects      []string
	content       string // what it was made from
}

type source interface{ load() (*trust, error) }

type configMapSource struct {
	servers []string
	client  *http.Client
}

func newConfigMapSource(servers []string, ca, cert, key string) (source, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	roots, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}},
		MaxIdleConnsPerHost: 1,
	}
	return configMapSource{servers, &http.Client{Transport: transport, Timeout: 2 * time.Second}}, nil
}

// The first kube-apiserver that answers is believed: they share the ConfigMap.
func (s configMapSource) load() (*trust, error) {
	err := errors.New("no kube-apiserver is named")
	for _, server := range s.servers {
		var data map[string]string
		if data, err = s.read(server); err == nil {
			return trustOfConfigMap(data)
		}
	}
	return nil, err
}

func (s configMapSource) read(server string) (map[string]string, error) {
	answer, err := s.client.Get(server + "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: the ConfigMap cannot be read: %s", server, answer.Status)
	}
	var object struct{ Data map[string]string }
	err = json.Unmarshal(body, &object)
	return object.Data, err
}

func trustOfConfigMap(data map[string]string) (*trust, error) {
	lists := map[string][]string{}
	for _, key := range []string{"allowed-names", "username-headers", "group-headers"} {
		list := []string{}
		if text := data["requestheader-"+key]; text != "" {
			if err := json.Unmarshal([]byte(text), &list); err != nil {
				return nil, fmt.Errorf("requestheader-%s: %v", key, err)
			}
		}
		lists[key] = list
	}
	made := &trust{
		names: lists["allowed-names"], userHeaders: lists["username-headers"], groupHeaders: lists["group-headers"],
	}
	return made.with(data["requestheader-client-ca-file"], data["client-ca-file"])
}

type fileSource struct {
	path  string
	names []string
}

func (s fileSource) load() (*trust, error) {
	bundle, err := os.ReadFile(s.path)
	if err != nil {
		return nil, err
	}
	made := &trust{names: s.names, userHeaders: []string{"X-Remote-User"}, groupHeaders: []string{"X-Remote-Group"}}
	return made.with(string(bundle), "")
}

// with takes in the two bundles.
func (t *trust) with(requestHeader, client string) (*trust, error) {
	t.asked = x509.NewCertPool()
	for _, bundle := range []struct {
		text string
		pool **x509.CertPool
	}{{client, &t.client}, {requestHeader, &t.requestHeader}} {
		certificates, err := parse(bundle.text)
		if err != nil {
			return nil, err
		}
		if len(certificates) == 0 {
			continue
		}
		*bundle.pool = x509.NewCertPool()
		for _, certificate := range certificates {
			(*bundle.pool).AddCert(certificate)
			t.asked.AddCert(certificate)
			t.subjects = append(t.subjects, certificate.Subject.String())
		}
	}
	t.content = fmt.Sprint(requestHeader, client, t.names, t.userHeaders, t.groupHeaders)
	return t, nil
}

func parse(text string) (certificates []*x509.Certificate, err error) {
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}

func (t *trust) tell() {
	log.Printf("loaded [%s], allowed names %q", strings.Join(t.subjects, "; "), t.names)
}

// identity is who a request is from, and by which certificate that is known.
type identity struct {
	user        string
	groups      []string
	certificate *x509.Certificate
}

// identify believes the headers of a proxy that it trusts, then a client certificate, as k8s.io/apiserver does. The
// trust of now counts, not that of the time when the connection was made.
func (t *trust) identify(r *http.Request) (identity, error) {
	presented := r.TLS.PeerCertificates
	if len(presented) == 0 {
		return identity{}, errors.New("no client certificate")
	}
	proxyErr := t.verifyProxy(presented)
	if proxyErr == nil {
		if user := headerValues(r.Header, t.userHeaders); len(user) > 0 {
			return identity{user[0], headerValues(r.Header, t.groupHeaders), presented[0]}, nil
		}
		proxyErr = errors.New("no user is named in a header")
	}
	if err := verify(presented, t.client); err != nil {
		return identity{}, proxyErr
	}
	return identity{presented[0].Subject.CommonName, presented[0].Subject.Organization, presented[0]}, nil
}

func (t *trust) verifyProxy(presented []*x509.Certificate) error {
	if err := verify(presented, t.requestHeader); err != nil {
		return err
	}
	for _, name := range t.names {
		if name == presented[0].Subject.CommonName {
			return nil
		}
	}
	if len(t.names) == 0 {
		return nil
	}
	return fmt.Errorf("the common name %s is not allowed", presented[0].Subject.CommonName)
}

func verify(presented []*x509.Certificate, roots *x509.CertPool) error {
	if roots == nil {
		return errors.New("no CA is loaded")
	}
	intermediates := x509.NewCertPool()
	for _, certificate := range presented[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := presented[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

func headerValues(header http.Header, names []string) (values []string) {
	for _, name := range names {
		values = append(values, header.Values(name)...)
	}
	return values
}
