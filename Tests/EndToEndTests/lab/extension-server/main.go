// SPDX-License-Identifier: Apache-2.0

// An extension API server for the lab: it treats the aggregation layer's trust as servers built on k8s.io/apiserver do,
// and answers with what it saw.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	name := flag.String("name", "extension", "the instance's name, which each answer holds")
	listen := flag.String("listen", ":8443", "address and port")
	group := flag.String("group", "echo.aggbootstrap.test", "the API group that it serves, in version v1")
	cert := flag.String("cert", "", "serving certificate")
	key := flag.String("key", "", "its key")
	servers := flag.String("servers", "", "URLs of kube-apiservers, with commas between, to read the ConfigMap from")
	ca := flag.String("ca", "", "the CA of the kube-apiservers")
	clientCert := flag.String("client-cert", "", "the certificate to read the ConfigMap with")
	clientKey := flag.String("client-key", "", "its key")
	file := flag.String("requestheader-client-ca-file", "", "take the CA from this file and not from the ConfigMap")
	names := flag.String("requestheader-allowed-names", "", "with the file: the common names allowed, with commas between")
	reload := flag.Bool("reload", true, "look each second for another trust; if not, what was there at the start stays")
	stale := flag.Bool("stale", false, "from SIGUSR1 on, believe only what was loaded at the start, whatever the handshake names")
	flag.Parse()
	log.SetPrefix(*name + ": ")
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)

	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	var from source
	if *file != "" {
		from = fileSource{path: *file, names: split(*names)}
	} else if from, err = newConfigMapSource(split(*servers), *ca, *clientCert, *clientKey); err != nil {
		log.Fatal(err)
	}
	first, err := from.load()
	if err != nil {
		log.Fatal(err)
	}
	first.tell()
	var loaded atomic.Pointer[trust]
	loaded.Store(first)
	if *reload {
		go keepLoading(from, &loaded)
	}

	base := &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"}, ClientAuth: tls.RequestClientCert,
	}
	serving := base.Clone()
	serving.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		config := base.Clone()
		config.ClientCAs = loaded.Load().asked
		return config, nil
	}
	believed := &loaded
	if *stale {
		believed = goStale(first, &loaded)
	}
	server := &http.Server{
		Addr: *listen, TLSConfig: serving,
		Handler: echo{instance: *name, group: *group, trust: believed.Load},
	}
	go func() {
		if err := server.ListenAndServeTLS("", ""); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	endWell(server)
}

// It serves on for some time after it is told to end, until no aggregator sends it anything new, and then lets what is
// under way be done: --shutdown-delay-duration of k8s.io/apiserver.
func endWell(server *http.Server) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	<-told
	time.Sleep(3 * time.Second)
	log.Print("it ends: ", server.Shutdown(context.Background()))
	os.Exit(0)
}

// What cannot be read changes nothing: the trust that was loaded last stays in use.
func keepLoading(from source, loaded *atomic.Pointer[trust]) {
	for range time.Tick(time.Second) {
		next, err := from.load()
		if err != nil {
			log.Printf("the trust stays as it is: %v", err)
		} else if next.content != loaded.Load().content {
			next.tell()
			loaded.Store(next)
		}
	}
}

// What requests are judged by: what is loaded, and from SIGUSR1 on what was loaded first. So a Service looks of which one
// replica is asked and another one serves.
func goStale(first *trust, loaded *atomic.Pointer[trust]) *atomic.Pointer[trust] {
	var believed atomic.Pointer[trust]
	believed.Store(loaded.Load())
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		for tick := time.Tick(100 * time.Millisecond); ; {
			select {
			case <-told:
				believed.Store(first)
				log.Print("from now on it believes what it loaded first")
				return
			case <-tick:
				believed.Store(loaded.Load())
			}
		}
	}()
	return &believed
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}
