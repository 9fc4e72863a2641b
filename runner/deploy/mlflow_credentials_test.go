package deploy

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestATrackingServerIsToldWhoAsksAndNobodyElse(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sent := r.Header.Get("Authorization"); sent != "" {
			t.Errorf("another host gets %q", sent)
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer elsewhere.Close()
	// The same machine by another name is another host.
	other := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
	tracking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer secret-of-ana":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, other+"/", http.StatusFound)
		}
	}))
	defer tracking.Close()
	base, err := url.Parse(tracking.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("MLFLOW_TRACKING_URI", tracking.URL)
	t.Setenv("MLFLOW_TRACKING_TOKEN", "secret-of-ana")
	server := &mlflowServer{base: base, client: tracking.Client(), timeout: time.Minute, authorization: mlflowAuthorization(base)}
	if err := server.once(t.Context(), http.MethodGet, "/ok", jsonBody(nil), nil); err != nil {
		t.Error(err)
	}
	err = server.once(t.Context(), http.MethodGet, "/moved", jsonBody(nil), nil)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
}

func TestCredentialsAreSentToTheServerThatTheyAreForAlone(t *testing.T) {
	for _, c := range []struct {
		name, uri, server string
		env               map[string]string
		want              string
	}{
		{"a token", "https://mlflow.example.org/team", "https://mlflow.example.org/", map[string]string{"MLFLOW_TRACKING_TOKEN": "t0"}, "Bearer t0"},
		{"a user", "http://localhost:5000", "http://localhost:5000", map[string]string{"MLFLOW_TRACKING_USERNAME": "ana", "MLFLOW_TRACKING_PASSWORD": "pw"}, "Basic YW5hOnB3"},
		{"a token before a user", "http://h", "http://h", map[string]string{"MLFLOW_TRACKING_TOKEN": "t0", "MLFLOW_TRACKING_USERNAME": "ana"}, "Bearer t0"},
		{"another host", "https://mlflow.example.org", "https://evil.example.org", map[string]string{"MLFLOW_TRACKING_TOKEN": "t0"}, ""},
		{"another port", "http://localhost:5000", "http://localhost:5001", map[string]string{"MLFLOW_TRACKING_TOKEN": "t0"}, ""},
		{"in clear", "https://mlflow.example.org", "http://mlflow.example.org", map[string]string{"MLFLOW_TRACKING_TOKEN": "t0"}, ""},
		{"no server is named", "", "https://mlflow.example.org", map[string]string{"MLFLOW_TRACKING_TOKEN": "t0"}, ""},
		{"no credentials", "https://mlflow.example.org", "https://mlflow.example.org", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("MLFLOW_TRACKING_URI", c.uri)
			for _, name := range []string{"MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"} {
				t.Setenv(name, c.env[name])
			}
			server, err := url.Parse(c.server)
			if err != nil {
				t.Fatal(err)
			}
			if got := mlflowAuthorization(server); got != c.want {
				t.Errorf("%q is sent, not %q", got, c.want)
			}
		})
	}
}
