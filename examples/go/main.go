// A receiver with nothing but Go's standard library: WEBHOOK_SECRET=whsec_… go run ./examples/go
//
// Standard Webhooks 1.0: verify the bytes as they arrived, handle each event once, answer fast.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	toleranceSeconds = 300
	maxBodyBytes     = 1 << 20
	maxSignatures    = 16
)

var (
	idPattern        = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	timestampPattern = regexp.MustCompile(`^[0-9]{1,12}$`)
)

type event struct {
	ID        string          `json:"-"`
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// keysOf reads the secret, and the previous one (or "") while the sender moves from one to the other.
func keysOf(current, previous string) ([][]byte, error) {
	secrets := []string{current}
	if previous != "" {
		secrets = append(secrets, previous)
	}
	var keys [][]byte
	for _, secret := range secrets {
		encoded, isEncoded := strings.CutPrefix(secret, "whsec_")
		key := []byte(secret)
		if isEncoded {
			var err error
			if key, err = base64.StdEncoding.Strict().DecodeString(encoded); err != nil {
				return nil, errors.New("WEBHOOK_SECRET: expected base64 after whsec_")
			}
		}
		if len(key) == 0 {
			return nil, errors.New("WEBHOOK_SECRET: expected a secret, got none")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// verify returns the event, or an error that names the check which failed, and never a secret.
func verify(header http.Header, body []byte, keys [][]byte, now time.Time) (event, error) {
	var received event
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	if !idPattern.MatchString(id) {
		return received, errors.New("webhook-id")
	}
	if !timestampPattern.MatchString(timestamp) {
		return received, errors.New("webhook-timestamp")
	}
	seconds, _ := strconv.ParseInt(timestamp, 10, 64)
	if age := now.Unix() - seconds; age > toleranceSeconds || age < -toleranceSeconds {
		return received, errors.New("webhook-timestamp is too far from now")
	}

	given := strings.Split(header.Get("webhook-signature"), " ")
	given = given[:min(len(given), maxSignatures)]
	fits := false
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.", id, timestamp)
		mac.Write(body)
		expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		// No early exit: which one fitted is not to be heard in the timing.
		for _, signature := range given {
			fits = hmac.Equal([]byte(signature), []byte(expected)) || fits
		}
	}
	if !fits {
		return received, errors.New("webhook-signature")
	}
	if err := json.Unmarshal(body, &received); err != nil {
		return received, errors.New("the body is no event")
	}
	received.ID = id
	return received, nil
}

// inbox handles each event once per process; keep the ids in a table where they must outlive it.
type inbox struct {
	mutex  sync.Mutex
	isDone map[string]bool
	handle func(event) error
}

func (box *inbox) process(received event) (status int) {
	box.mutex.Lock()
	isDone, isKnown := box.isDone[received.ID]
	if !isKnown {
		box.isDone[received.ID] = false
	}
	box.mutex.Unlock()
	if isDone {
		return http.StatusOK
	}
	if isKnown {
		return http.StatusConflict
	}

	err := box.handle(received)
	box.mutex.Lock()
	defer box.mutex.Unlock()
	if err != nil {
		delete(box.isDone, received.ID)
		return http.StatusInternalServerError
	}
	box.isDone[received.ID] = true
	return http.StatusOK
}

func receive(keys [][]byte, box *inbox) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, maxBodyBytes))
		if err != nil {
			response.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		received, err := verify(request.Header, body, keys, time.Now())
		if err != nil {
			log.Printf("refused: %v", err)
			response.WriteHeader(http.StatusUnauthorized)
			return
		}
		status := box.process(received)
		if status == http.StatusConflict {
			response.Header().Set("Retry-After", "30")
		}
		response.WriteHeader(status)
	}
}

func main() {
	keys, err := keysOf(os.Getenv("WEBHOOK_SECRET"), os.Getenv("WEBHOOK_SECRET_PREVIOUS"))
	if err != nil {
		log.Fatal(err)
	}
	box := &inbox{isDone: map[string]bool{}, handle: func(received event) error {
		fmt.Printf("handled %s %s\n", received.Type, received.ID)
		return nil
	}}
	port := os.Getenv("PORT")
	if port == "" {
		port = "3000"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /hook", receive(keys, box))
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, nil))
}
