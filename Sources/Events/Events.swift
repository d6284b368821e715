// Event logs, subscriptions by sequence, rendering.
