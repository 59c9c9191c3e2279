import os

from openai import OpenAI, APIError

gateway = os.environ.get("SIGNALBOX_URL_FOR_CALLS", "http://127.0.0.1:4000")
client = OpenAI(
    base_url=f"{gateway}/v1",
    api_key=os.environ["SIGNALBOX_KEY"],
    default_headers={"x-signalbox-labels": "feature=search"},
)

stream = client.chat.completions.create(
    model="smart",
    messages=[{"role": "user", "content": "What is a signal box?"}],
    stream=True,
    stream_options={"include_usage": True},
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="")
print()

try:
    client.chat.completions.create(model="none", messages=[])
except APIError as error:
    print(error.code, error.message)
