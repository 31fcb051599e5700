"""What must hold of a run when everything that went wrong is over. Pure: facts in, sentences out.

An expectation is what the cluster ought to come to: {image name: "Ready" or "Degraded"}, the names of the nodes
each image is for, the limits of the policy. Each function returns what is not (yet) so.
"""
from objects import condition, status


def unmet(expected, images, truth, pods):
    """What is still missing of the desired state: the status says it, and it is true."""
    missing = [f"{name}: there is no such object" for name in expected.phases if name not in images]
    missing += [f"{name}: should not be there" for name in images if name not in expected.phases]
    on = {one["name"]: set(one["on"]) for one in truth["images"]}
    for name, phase in expected.phases.items():
        if name in images:
            nodes = expected.nodes(name, truth)
            by_hand = {one for one in nodes if expected.by_hand and one.startswith(expected.by_hand)}
            there = on.get(name, set()) | by_hand
            missing += of_image(name, phase, images[name], there, nodes)
    missing += leaked(expected, images, pods)
    return missing


def of_image(name, phase, obj, on, nodes):
    said = status(obj)
    if said.get("phase") != phase:
        return [f"{name}: {said.get('phase')}, not {phase}: {condition(obj)['message']!r} "
                f"{said.get('ready')} {said.get('failedNodes')}"]
    if said.get("observedGeneration") != obj["metadata"]["generation"]:
        return [f"{name}: status of generation {said.get('observedGeneration')}"]
    if phase != "Ready":
        return []
    claimed = set(said.get("cachedNodes") or [])
    count = f"{len(nodes)}/{len(nodes)}"
    wrong = []
    if said.get("ready") != count or said.get("nodesReady") != len(nodes):
        wrong.append(f"{name}: says {said.get('ready')}, there are {len(nodes)} nodes")
    if claimed & nodes != nodes:
        wrong.append(f"{name}: does not name {sorted(nodes - claimed)}")
    if not (claimed & nodes) <= on:
        wrong.append(f"{name}: claims {sorted(claimed & nodes - on)}, which have not got it")
    if said.get("consecutiveFailures"):
        wrong.append(f"{name}: Ready with {said['consecutiveFailures']} failures")
    return wrong


def leaked(expected, images, pods):
    """Pods that nobody needs: of images that are done, or of none."""
    uids = {obj["metadata"]["uid"]: name for name, obj in images.items()}
    out = []
    for pod in pods:
        uid = (pod["metadata"].get("annotations") or {}).get("drop.corewire.io/cachedimage-uid")
        name = uids.get(uid)
        if name is None:
            out.append(f"pod {pod['metadata']['name']} belongs to nothing")
        elif expected.phases.get(name) == "Ready":
            out.append(f"pod {pod['metadata']['name']} is left of {name}")
    return out


def broken(expected, history, truth):
    """Rules that must have held all the time."""
    wrong = []
    if history.again and expected.once:
        wrong.append(f"{len(history.again)} pulls that had ended were made again: {history.again[:2]}")
    if expected.pods and len(history.made) != expected.pods:
        wrong.append(f"{len(history.made)} pods were made, not {expected.pods}")
    if truth["counts"]["doublePulls"] and expected.doubles:
        wrong.append(f"{truth['counts']['doublePulls']} times two pods for one image on one node")
    nodes, on_node = history.most() if expected.limits else (0, 0)
    if nodes > expected.nodes_max:
        wrong.append(f"pulls on {nodes} nodes at once, allowed are {expected.nodes_max}")
    if on_node > expected.pulls_max:
        wrong.append(f"{on_node} pulls at once on a node, allowed are {expected.pulls_max}")
    return wrong
