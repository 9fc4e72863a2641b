package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"mlops/runner/config"
	"mlops/runner/observe/outbound"
)

const (
	// claimLife is how long a run that is about to send keeps others from it; one
	// that is not heard of again has crashed.
	claimLife = 10 * time.Minute
	// maxToldChecks bounds how many failed checks a message lists.
	maxToldChecks = 50
)

// endpointParams are the parameters of the steps that send.
type endpointParams struct {
	URL          string            `yaml:"url" needed:"or" doc:"Address that alerts are sent to; one of url and url_env is needed." example:"\"https://alerts.example.org/models\""`
	URLEnv       string            `yaml:"url_env" doc:"Environment variable that holds the address; its name begins with MLOPS_SECRET_." example:"MLOPS_SECRET_ALERTS_URL"`
	Headers      map[string]string `yaml:"headers" doc:"Headers of the request, by name." example:"{X-Team: retention}" with:"url: \"https://alerts.example.org/models\""`
	HeadersEnv   map[string]string `yaml:"headers_env" doc:"Environment variables that hold headers' values, by the header's name." example:"{Authorization: MLOPS_SECRET_ALERTS_TOKEN}" with:"url: \"https://alerts.example.org/models\""`
	Timeout      string            `yaml:"timeout" doc:"Longest time of one attempt, such as 10s or 1m." with:"url: \"https://alerts.example.org/models\""`
	Retries      int               `yaml:"retries" range:"[0,10]" doc:"Further attempts after errors of the network, 408, 429 and 5xx." with:"url: \"https://alerts.example.org/models\""`
	RepeatAfter  string            `yaml:"repeat_after" doc:"Time after which the same alert is sent again, such as 6h or 1d." with:"url: \"https://alerts.example.org/models\""`
	SendResolved bool              `yaml:"send_resolved" doc:"Also tell the end of an alert." with:"url: \"https://alerts.example.org/models\""`
}

var endpointDefaults = endpointParams{Timeout: "10s", Retries: outbound.DefaultRetries, RepeatAfter: "1d", SendResolved: true}

// notifier tells an endpoint of alerts, each once.
type notifier struct {
	Base
	name    string // of the step in the log of alerts
	request outbound.Request
	message func(o *Observation, resolved bool) any
	repeat  time.Duration
	resolve bool
}

func newWebhook(s config.Step) (Step, error) {
	p, err := config.DecodeParamsOver(s, endpointDefaults)
	if err != nil {
		return nil, err
	}
	return newNotifier(s, p, webhookMessage)
}

// slackParams have no address in the clear: whoever knows it may post.
type slackParams struct {
	URLEnv       string `yaml:"url_env" needed:"true" doc:"Environment variable that holds the incoming webhook's address; its name begins with MLOPS_SECRET_." example:"MLOPS_SECRET_SLACK_URL"`
	Timeout      string `yaml:"timeout" doc:"Longest time of one attempt, such as 10s or 1m."`
	Retries      int    `yaml:"retries" range:"[0,10]" doc:"Further attempts after errors of the network, 408, 429 and 5xx."`
	RepeatAfter  string `yaml:"repeat_after" doc:"Time after which the same alert is sent again, such as 6h or 1d."`
	SendResolved bool   `yaml:"send_resolved" doc:"Also tell the end of an alert."`
}

func newSlack(s config.Step) (Step, error) {
	d := endpointDefaults
	p, err := config.DecodeParamsOver(s, slackParams{Timeout: d.Timeout, Retries: d.Retries, RepeatAfter: d.RepeatAfter, SendResolved: d.SendResolved})
	if err != nil {
		return nil, err
	}
	if p.URLEnv == "" {
		return nil, s.ErrorAt("url_env", "must name the environment variable that holds the incoming webhook's address; its name begins with %s", outbound.SecretPrefix)
	}
	d.URLEnv, d.Timeout, d.Retries, d.RepeatAfter, d.SendResolved = p.URLEnv, p.Timeout, p.Retries, p.RepeatAfter, p.SendResolved
	return newNotifier(s, d, slackMessage)
}

func newNotifier(s config.Step, p endpointParams, message func(*Observation, bool) any) (*notifier, error) {
	request, err := p.request(s)
	if err != nil {
		return nil, err
	}
	request.Method, request.ContentType = http.MethodPost, "application/json"
	n := &notifier{name: s.Type + " " + s.Path(), request: request, message: message, resolve: p.SendResolved}
	n.repeat, err = duration(s, "repeat_after", p.RepeatAfter)
	return n, err
}

// request checks the parameters.
func (p endpointParams) request(s config.Step) (outbound.Request, error) {
	r := outbound.Request{URL: p.URL, URLEnv: p.URLEnv, Headers: p.Headers, HeadersEnv: p.HeadersEnv, Retries: p.Retries}
	if (p.URL == "") == (p.URLEnv == "") {
		return r, s.ErrorAt("url", "give either url, the address, or url_env, the environment variable that holds it")
	}
	if p.URL != "" {
		if err := outbound.CheckAddress(p.URL); err != nil {
			return r, s.ErrorAt("url", "%v", err)
		}
	}
	if p.URLEnv != "" {
		if err := outbound.CheckSecret(p.URLEnv); err != nil {
			return r, s.ErrorAt("url_env", "%v", err)
		}
	}
	for name, variable := range p.HeadersEnv {
		if err := outbound.CheckSecret(variable); err != nil {
			return r, s.ErrorAt("headers_env."+name, "%v", err)
		}
	}
	var err error
	r.Timeout, err = duration(s, "timeout", p.Timeout)
	return r, err
}

// Reported sends an alert that was not sent yet, or that all is well again.
func (n *notifier) Reported(ctx context.Context, o *Observation) error {
	key := alertKey(o)
	entry := AlertEntry{Time: o.At, Step: n.name, Key: key, State: AlertClaimed}
	claimed, err := o.Store.AppendAlert(ctx, o.At, func(before []AlertEntry) (AlertEntry, bool) {
		return entry, n.due(before, key, o.At)
	})
	if err != nil {
		// Twice is better than never.
		o.Note("%s: what was sent before is not known, so it is sent: %v", n.name, err)
	} else if !claimed {
		return nil
	}
	sent := n.send(ctx, o, key == "")
	entry.Time, entry.State = o.Services.Now().UTC(), AlertSent
	if sent != nil {
		entry.State, entry.Error = AlertFailed, sent.Error()
	}
	_, err = o.Store.AppendAlert(context.WithoutCancel(ctx), entry.Time, func([]AlertEntry) (AlertEntry, bool) { return entry, true })
	switch {
	case sent != nil:
		return fmt.Errorf("%s: the alert is not delivered, and is tried again with the next report: %w", n.name, sent)
	case err != nil:
		return fmt.Errorf("%s: the alert is delivered, but that could not be recorded: %w", n.name, err)
	}
	return nil
}

func (n *notifier) send(ctx context.Context, o *Observation, resolved bool) error {
	body, err := json.Marshal(n.message(o, resolved))
	if err != nil {
		return err
	}
	request := n.request
	request.Body = body
	return o.Services.Sender.Send(ctx, request)
}

// alertKey names the set of failed checks; "" where there is none. Which measure of
// a column's drift is the worst may change without any news.
func alertKey(o *Observation) string {
	var names []string
	for _, c := range o.Failed() {
		name := c.Metric
		if c.Source == SourceDrift {
			name = name[:max(0, strings.LastIndexByte(name, '.'))]
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// due decides by what this step sent before: an alert is due when it is new, was
// not delivered, or was delivered long ago; that all is well, when the last thing
// delivered was an alert.
func (n *notifier) due(before []AlertEntry, key string, now time.Time) bool {
	delivered := AlertEntry{}
	for _, e := range before {
		if e.Step != n.name {
			continue
		}
		if e.State == AlertClaimed && e.Key == key && now.Sub(e.Time) < claimLife && !settled(before, e) {
			return false // somebody is sending it
		}
		if e.State == AlertSent {
			delivered = e
		}
	}
	if key == "" {
		return n.resolve && delivered.Key != ""
	}
	return delivered.Key != key || now.Sub(delivered.Time) >= n.repeat
}

// settled reports whether a claim was followed by what became of it.
func settled(entries []AlertEntry, claim AlertEntry) bool {
	return slices.ContainsFunc(entries, func(e AlertEntry) bool {
		return e.Step == claim.Step && e.Key == claim.Key && e.State != AlertClaimed && !e.Time.Before(claim.Time)
	})
}

// webhookDocument is what a webhook is sent.
type webhookDocument struct {
	Event       string    `json:"event"` // "alert" or "resolved"
	Time        time.Time `json:"time"`
	Deployment  string    `json:"deployment"`
	Version     string    `json:"version"`
	Model       string    `json:"model"`
	ProblemType string    `json:"problem_type"`
	Target      string    `json:"target"`
	Failed      []Check   `json:"failed"` // at most 50
	FailedCount int       `json:"failed_count"`
	Checks      int       `json:"checks"`
}

func event(resolved bool) string {
	if resolved {
		return "resolved"
	}
	return "alert"
}

func webhookMessage(o *Observation, resolved bool) any {
	failed := o.Failed()
	return webhookDocument{
		Event: event(resolved), Time: o.At, Deployment: o.Subject.Dir, Version: o.Subject.Version, Model: o.Subject.ModelName,
		ProblemType: o.Subject.ProblemType, Target: o.Subject.Target,
		Failed: append([]Check{}, failed[:min(maxToldChecks, len(failed))]...), FailedCount: len(failed), Checks: len(o.Checks),
	}
}

// slackMessage is text in Slack's markup, in which &, < and > have a meaning.
func slackMessage(o *Observation, resolved bool) any {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'")
	name := escape.Replace(printable(o.Subject.Dir))
	var b strings.Builder
	if resolved {
		fmt.Fprintf(&b, ":large_green_circle: *%s* is well again: %s passed.", name, count(int64(len(o.Checks)), "check"))
		return map[string]string{"text": b.String()}
	}
	failed := o.Failed()
	fmt.Fprintf(&b, ":red_circle: *%s*: %d of %s failed", name, len(failed), count(int64(len(o.Checks)), "check"))
	for i, c := range failed {
		if i == maxToldChecks {
			fmt.Fprintf(&b, "\n• … %d more", len(failed)-i)
			break
		}
		fmt.Fprintf(&b, "\n• `%s` is %s, wanted %s", escape.Replace(printable(c.Metric)), figure(c.Value), c.wanted())
	}
	return map[string]string{"text": b.String()}
}
