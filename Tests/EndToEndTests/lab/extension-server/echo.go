// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Discovery of one group, and one cluster-wide resource, `echoes`, whose every object is what this request looked like.
type echo struct {
	instance string
	group    string
	trust    func() *trust
}

type object map[string]interface{}

func (e echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/healthz" {
		_, _ = w.Write([]byte("ok"))
		return
	}
	from, err := e.trust().identify(r)
	if err != nil {
		answer(w, http.StatusUnauthorized, status(http.StatusUnauthorized, "Unauthorized", e.instance+": "+err.Error()))
		return
	}
	version := e.group + "/v1"
	path := strings.TrimSuffix(r.URL.Path, "/")
	resource := "/apis/" + version + "/echoes"
	switch {
	case path == "/apis":
		answer(w, http.StatusOK, object{"kind": "APIGroupList", "apiVersion": "v1", "groups": []object{e.groupObject()}})
	case path == "/apis/"+e.group:
		answer(w, http.StatusOK, e.groupObject())
	case path == "/apis/"+version:
		answer(w, http.StatusOK, object{
			"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version,
			"resources": []object{{
				"name": "echoes", "singularName": "echo", "namespaced": false, "kind": "Echo", "verbs": []string{"get", "list"},
			}},
		})
	case path == resource:
		answer(w, http.StatusOK, object{
			"kind": "EchoList", "apiVersion": version, "metadata": object{}, "items": []object{e.seen("seen", from)},
		})
	case strings.HasPrefix(path, resource+"/"):
		answer(w, http.StatusOK, e.seen(strings.TrimPrefix(path, resource+"/"), from))
	default:
		answer(w, http.StatusNotFound, status(http.StatusNotFound, "NotFound", "there is no "+path))
	}
}

func (e echo) groupObject() object {
	version := object{"groupVersion": e.group + "/v1", "version": "v1"}
	return object{
		"kind": "APIGroup", "apiVersion": "v1", "name": e.group, "versions": []object{version}, "preferredVersion": version,
	}
}

func (e echo) seen(name string, from identity) object {
	return object{
		"kind": "Echo", "apiVersion": e.group + "/v1", "metadata": object{"name": name},
		"instance": e.instance, "user": from.user, "groups": from.groups,
		"certificate": object{
			"serial": from.certificate.SerialNumber.Text(16), "issuer": from.certificate.Issuer.CommonName,
			"subject": from.certificate.Subject.CommonName,
		},
	}
}

func status(code int, reason, message string) object {
	return object{
		"kind": "Status", "apiVersion": "v1", "metadata": object{}, "status": "Failure",
		"code": code, "reason": reason, "message": message,
	}
}

func answer(w http.ResponseWriter, code int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
