// A worker's timer is not slowed down in a hidden tab: an agent who reads mail in another tab stays reachable.
setInterval(() => postMessage(0), 1000);
