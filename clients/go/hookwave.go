// Package hookwave publishes events to a Hookwave service over HTTP, and reads what became of them.
//
// Publish repeats a request under the same id while the service does not answer or says that it cannot now, so that an event
// is stored once however often it was sent. All else is the generated client, as API.
package hookwave

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hookwave/hookwave/clients/go/api"
)

const (
	firstWait = 200 * time.Millisecond
	waitMax   = 10 * time.Second
	tries     = 4
	timeout   = 10 * time.Second
)

// Event is what happened. ID is the webhook-id of every copy, and made where it is empty. Times are RFC 3339.
type Event struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Data      any    `json:"data"`
	Timestamp string `json:"timestamp,omitempty"`
	ExpiresAt string `json:"expires_at,omitempty"`
}

// Client publishes. API has the other operations.
type Client struct {
	API *api.ClientWithResponses
	// Requests for one publish, all under the same id: 4.
	Tries int
}

// Refused is an answer other than yes, or the last one of several tries. ID is the event's: publish again under it.
type Refused struct {
	ID      string
	Status  int
	Problem api.Problem
}

func (refused *Refused) Error() string {
	if refused.Problem.Code == "" {
		return fmt.Sprintf("hookwave: HTTP %d for event %s; publish again under the same id", refused.Status, refused.ID)
	}
	return fmt.Sprintf("hookwave: %s: %s (event %s)", refused.Problem.Code, refused.Problem.Detail, refused.ID)
}

// New makes a client for the service at url, with a key of it, or "" where it has none.
func New(url, key string) (*Client, error) {
	transport := &http.Client{
		Timeout: timeout,
		// It would take the key elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	withKey := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Hookwave-Api", "1")
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+key)
		}
		return nil
	}
	client, err := api.NewClientWithResponses(url, api.WithHTTPClient(transport), api.WithRequestEditorFn(withKey))
	if err != nil {
		return nil, err
	}
	return &Client{API: client, Tries: tries}, nil
}

// Publish returns the event's id once it is stored. With an error, too: it may be stored, and stays one under that id.
func (client *Client) Publish(ctx context.Context, event Event) (string, error) {
	if event.ID == "" {
		event.ID = newID()
	}
	body, err := json.Marshal(event)
	if err != nil {
		return event.ID, err
	}
	for try := 1; ; try++ {
		refused, wait, err := client.ask(ctx, event.ID, body)
		if err == nil && refused == nil {
			return event.ID, nil
		}
		if refused != nil {
			err = refused
		}
		isFinal := refused != nil && refused.Status != http.StatusTooManyRequests && refused.Status < 500
		if isFinal || try >= client.Tries || ctx.Err() != nil {
			return event.ID, err
		}
		if wait < 0 {
			wait = firstWait << (try - 1)
		}
		select {
		case <-ctx.Done():
			return event.ID, err
		case <-time.After(min(wait, waitMax)):
		}
	}
}

// The wait is negative where the answer asks for none.
func (client *Client) ask(ctx context.Context, id string, body []byte) (*Refused, time.Duration, error) {
	response, err := client.API.PublishEventsWithBody(ctx, nil, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, -1, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusAccepted {
		return nil, -1, nil
	}
	refused := &Refused{ID: id, Status: response.StatusCode}
	// Something before the service may have answered, with a page.
	_ = json.NewDecoder(response.Body).Decode(&refused.Problem)
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return refused, -1, nil
	}
	return refused, time.Duration(seconds) * time.Second, nil
}

func newID() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random)
	return "evt_" + hex.EncodeToString(random)
}
