package deploy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/cenkalti/backoff/v5"

	"mlops/runner/storage"
)

// Environment is what steps may reach beside the deployment's directory. The zero
// Environment reaches nothing.
type Environment struct {
	// Storage opens locations within what is allowed.
	Storage *storage.Opener
	// Locate makes a configuration's relative location one for Storage; nil: as it
	// is.
	Locate func(location string) string
	// Registry is the location of the model registry that is used where a step names
	// none; "": a step must name one.
	Registry string
	// HTTP contacts servers; nil: none is contacted. Credentials that they want are
	// its business.
	HTTP *http.Client
	// AllowURL returns an error for what may not be contacted, be it over HTTP or in
	// a bucket of another machine; nil: nothing may.
	AllowURL func(u *url.URL) error
	// Pauses are those between tries of a request that failed; nil: from half a
	// second, growing to ten.
	Pauses func() backoff.BackOff
}

// ForbiddenURLError says that a step may not contact a server.
type ForbiddenURLError struct {
	URL string
	Err error // why not
}

// Error names the server.
func (e *ForbiddenURLError) Error() string {
	return fmt.Sprintf("%s may not be contacted from here: %v", e.URL, e.Err)
}

// Unwrap returns the reason.
func (e *ForbiddenURLError) Unwrap() error { return e.Err }

// allow reports whether a URL may be contacted.
func (e Environment) allow(u *url.URL) error {
	reason := errors.New("no address was allowed")
	if e.AllowURL != nil {
		reason = e.AllowURL(u)
	}
	if reason == nil {
		return nil
	}
	return &ForbiddenURLError{URL: u.Redacted(), Err: reason}
}

// client returns the HTTP client, which follows redirects only to what is
// allowed.
func (e Environment) client() (*http.Client, error) {
	if e.HTTP == nil {
		return nil, errors.New("no server is contacted from here: the environment has no HTTP client")
	}
	own := *e.HTTP
	own.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if err := e.allow(r.URL); err != nil {
			return err
		}
		if e.HTTP.CheckRedirect != nil {
			return e.HTTP.CheckRedirect(r, via)
		}
		const most = 10
		if len(via) >= most {
			return fmt.Errorf("stopped after %d redirects", most)
		}
		return nil
	}
	return &own, nil
}

func (e Environment) locate(location string) string {
	if e.Locate == nil {
		return location
	}
	return e.Locate(location)
}

func (e Environment) pauses() backoff.BackOff {
	if e.Pauses != nil {
		return e.Pauses()
	}
	return backoff.NewExponentialBackOff()
}

// parseURL reads a step's URL parameter, which stands in the deployment's
// metadata, so that it must hold no password.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is no URL")
	case u.Scheme == "" || u.Opaque != "":
		return nil, fmt.Errorf("%q is no URL with a scheme", u.Redacted())
	case u.User != nil:
		return nil, errors.New("must hold no user and no password: it is kept with the deployment")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must have nothing behind its path")
	}
	return u, nil
}
