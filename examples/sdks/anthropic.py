import os

from anthropic import Anthropic

gateway = os.environ.get("SIGNALBOX_URL_FOR_CALLS", "http://127.0.0.1:4000")
client = Anthropic(base_url=gateway, api_key=os.environ["SIGNALBOX_KEY"])

# The model is one of OpenAI's wire: the gateway translates both ways.
raw = client.messages.with_raw_response.create(
    model="smart",
    max_tokens=200,
    messages=[{"role": "user", "content": "What is a signal box?"}],
)
for block in raw.parse().content:
    if block.type == "text":
        print(block.text)
print("cost: $" + raw.headers["x-signalbox-cost-usd"])
