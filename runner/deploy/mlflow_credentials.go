package deploy

import (
	"encoding/base64"
	"net/url"
	"os"
	"strings"
)

// mlflowAuthorization is what a tracking server is told of who asks, by the variables
// of MLflow's own clients: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and
// MLFLOW_TRACKING_PASSWORD. They are for the server that MLFLOW_TRACKING_URI names, in
// the same environment, and are sent to no other: a configuration, which comes from
// whoever submits work, cannot have them sent elsewhere. "" where there are none.
func mlflowAuthorization(server *url.URL) string {
	own, err := url.Parse(strings.TrimSpace(os.Getenv("MLFLOW_TRACKING_URI")))
	if err != nil || own.Host == "" || !strings.EqualFold(own.Scheme, server.Scheme) || !strings.EqualFold(own.Host, server.Host) {
		return ""
	}
	if token := os.Getenv("MLFLOW_TRACKING_TOKEN"); token != "" {
		return "Bearer " + token
	}
	user, password := os.Getenv("MLFLOW_TRACKING_USERNAME"), os.Getenv("MLFLOW_TRACKING_PASSWORD")
	if user == "" {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
