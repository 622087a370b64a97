package hookwave

import (
	"context"
	"os"
	"testing"
	"time"
)

// Run by test/package/clients.deep.test.ts beside a service, the first answer of which is 503.
func TestPublishAndReadLogs(t *testing.T) {
	url, key := os.Getenv("HOOKWAVE_URL"), os.Getenv("HOOKWAVE_API_KEY")
	if url == "" {
		t.Skip("HOOKWAVE_URL is not set")
	}
	client, err := New(url, key)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	id, err := client.Publish(ctx, Event{Type: "invoice.paid", Data: map[string]any{"invoice": "in_42"}})
	if err != nil {
		t.Fatal(err)
	}
	for ctx.Err() == nil {
		logs, err := client.API.ListWebhookLogsWithResponse(ctx, "acme", nil)
		if err != nil {
			t.Fatal(err)
		}
		if logs.JSON200 != nil && len(logs.JSON200.Data) > 0 {
			if row := logs.JSON200.Data[0]; row.EventId != id || row.Status != "delivered" {
				t.Fatalf("expected %s delivered, got %+v", id, row)
			}
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if _, err = client.Publish(ctx, Event{Type: "no type", Data: 1}); err == nil {
		t.Fatal("expected a refusal")
	} else if refused, ok := err.(*Refused); !ok || refused.Problem.Code != "EVENT_INVALID" {
		t.Fatalf("expected EVENT_INVALID, got %v", err)
	}
}
