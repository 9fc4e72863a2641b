package outbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// DefaultTimeout is how long one attempt may take.
	DefaultTimeout = 10 * time.Second
	// DefaultRetries is how often a request is tried again.
	DefaultRetries = 3

	firstWait    = time.Second // before the second attempt; it doubles
	longestWait  = 30 * time.Second
	maxRedirects = 3
	shownBytes   = 200 // of a refusal's text
)

// Sender sends requests to allowed endpoints. It is safe for concurrent use. The
// zero Sender allows none.
type Sender struct {
	// Allowed are prefixes of addresses; see [Anywhere].
	Allowed []string
	// Getenv reads the environment; nil: os.Getenv.
	Getenv func(string) string
	// Sleep waits between attempts; nil: in real time.
	Sleep func(ctx context.Context, d time.Duration) error
	// Transport carries requests; nil: the standard one.
	Transport http.RoundTripper
}

// Request is what to send.
type Request struct {
	Method      string
	URL         string            // the address, or
	URLEnv      string            // the environment variable that holds it
	Path        string            // what to add to the address's path
	Headers     map[string]string // by name
	HeadersEnv  map[string]string // environment variables that hold the values, by name
	ContentType string
	Body        []byte
	Timeout     time.Duration // of one attempt; 0: DefaultTimeout
	Retries     int           // after the first attempt
}

// Error says that a request was not taken.
type Error struct {
	Endpoint string // scheme and host
	Attempts int
	Problem  string
	Err      error // nil where the endpoint answered
}

// Error tells the endpoint and what was wrong, and nothing secret.
func (e *Error) Error() string {
	times := "once"
	if e.Attempts > 1 {
		times = fmt.Sprintf("%d times", e.Attempts)
	}
	return fmt.Sprintf("%s was tried %s: %s", e.Endpoint, times, e.Problem)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func (s *Sender) getenv(name string) string {
	if s.Getenv == nil {
		return os.Getenv(name)
	}
	return s.Getenv(name)
}

// Send sends a request until it is taken with a status of 2xx, is refused for
// good, or was tried often enough. Errors: a [*ForbiddenError], an [*Error], the
// context's, or one that tells what is wrong with the request.
func (s *Sender) Send(ctx context.Context, r Request) error {
	c, err := s.prepare(r)
	if err != nil {
		return err
	}
	wait := firstWait
	for attempt := 1; ; attempt++ {
		problem := c.try(ctx)
		if problem == nil {
			return nil
		}
		if err := context.Cause(ctx); err != nil {
			return fmt.Errorf("%s: %w", endpoint(c.url), err)
		}
		if !problem.again || attempt > r.Retries {
			return &Error{Endpoint: endpoint(c.url), Attempts: attempt, Problem: scrub(problem.text, c.secrets), Err: problem.err}
		}
		if err := s.sleep(ctx, min(longestWait, max(wait, problem.after))); err != nil {
			return err
		}
		wait *= 2
	}
}

func (s *Sender) sleep(ctx context.Context, d time.Duration) error {
	if s.Sleep != nil {
		return s.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// call is a request ready to be tried.
type call struct {
	client  *http.Client
	request Request
	url     *url.URL
	header  http.Header
	secrets []string
}

// prepare finds every secret and checks the address.
func (s *Sender) prepare(r Request) (*call, error) {
	address := r.URL
	c := &call{request: r, header: make(http.Header)}
	if r.URLEnv != "" {
		var err error
		if address, err = s.secret(r.URLEnv); err != nil {
			return nil, err
		}
		c.secrets = append(c.secrets, address)
	}
	var err error
	if c.url, err = parse(address); err != nil {
		return nil, err
	}
	if r.Path != "" {
		c.url = c.url.JoinPath(r.Path)
	}
	if !s.allowed(c.url) {
		return nil, &ForbiddenError{Endpoint: endpoint(c.url)}
	}
	for name, value := range r.Headers {
		c.header.Set(name, value)
	}
	for name, variable := range r.HeadersEnv {
		value, err := s.secret(variable)
		if err != nil {
			return nil, err
		}
		c.header.Set(name, value)
		c.secrets = append(c.secrets, value)
	}
	if r.ContentType != "" {
		c.header.Set("Content-Type", r.ContentType)
	}
	c.secrets = append(c.secrets, c.url.String(), c.url.RequestURI(), c.url.Path, c.url.RawQuery)
	// Longer ones first: one may hold another.
	slices.SortStableFunc(c.secrets, func(a, b string) int { return len(b) - len(a) })
	transport := s.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	c.client = &http.Client{Transport: transport, CheckRedirect: s.redirect}
	return c, nil
}

func (s *Sender) allowed(u *url.URL) bool {
	return slices.ContainsFunc(s.Allowed, func(prefix string) bool { return allows(prefix, u) })
}

// errRedirect is a redirect that is not followed.
var errRedirect = errors.New("redirect")

// redirect follows one to the same endpoint only, and with the same method.
func (s *Sender) redirect(next *http.Request, before []*http.Request) error {
	switch first := before[0]; {
	case next.URL.Scheme != first.URL.Scheme || !strings.EqualFold(next.URL.Host, first.URL.Host):
		return fmt.Errorf("%w to another host, %s, is not followed", errRedirect, endpoint(next.URL))
	case next.Method != first.Method:
		return fmt.Errorf("%w that would turn %s into %s is not followed", errRedirect, first.Method, next.Method)
	case !s.allowed(next.URL):
		return fmt.Errorf("%w to an address that is not allowed is not followed", errRedirect)
	case len(before) > maxRedirects:
		return fmt.Errorf("%w after redirect: %d were followed", errRedirect, maxRedirects)
	}
	return nil
}

// problem is why an attempt failed.
type problem struct {
	text  string
	err   error
	again bool          // whether another attempt may do better
	after time.Duration // and when, as the endpoint says
}

// try makes one attempt.
func (c *call) try(ctx context.Context) *problem {
	timeout := c.request.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, c.request.Method, c.url.String(), bytes.NewReader(c.request.Body))
	if err != nil {
		return &problem{text: "the request cannot be made"}
	}
	r.Header = c.header.Clone()
	response, err := c.client.Do(r)
	if err != nil {
		return c.broken(ctx, err, timeout)
	}
	// What it says after its status is of no interest, and may never end.
	defer response.Body.Close()
	if response.StatusCode/100 == 2 {
		return nil
	}
	p := &problem{
		text:  "it answered " + strconv.Itoa(response.StatusCode) + " " + http.StatusText(response.StatusCode),
		again: response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusRequestTimeout,
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.after = min(longestWait, time.Duration(min(seconds, 3600))*time.Second)
	}
	said := make([]byte, shownBytes)
	n, _ := io.ReadFull(response.Body, said) // an answer that is cut short is shown as far as it goes
	if text := strings.TrimSpace(printable(string(said[:n]))); text != "" {
		p.text += ": " + text
	}
	return p
}

// broken tells why there was no answer. The error of package http names the whole
// address, its cause does not.
func (c *call) broken(ctx context.Context, err error, timeout time.Duration) *problem {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	switch {
	case errors.Is(err, errRedirect):
		return &problem{text: "a " + err.Error(), err: err}
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &problem{text: fmt.Sprintf("it did not answer within %s", timeout), err: context.DeadlineExceeded, again: true}
	}
	return &problem{text: err.Error(), err: err, again: true}
}

// printable keeps what an endpoint says from steering a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, " "))
}
