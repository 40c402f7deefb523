import { useImperativeHandle, useRef, type Ref } from "react";
import { Vector3, type PerspectiveCamera } from "three";

export interface GizmoHandle {
  show: (camera: PerspectiveCamera) => void;
}

const AXES = [
  { name: "X", look: "Look from the right", direction: new Vector3(1, 0, 0), className: "gizmo-x" },
  { name: "Y", look: "Look from above", direction: new Vector3(0, 1, 0.0001), className: "gizmo-y" },
  { name: "Z", look: "Look from the front", direction: new Vector3(0, 0, 1), className: "gizmo-z" },
] as const;
const ARM_PX = 26;

/** The three axes as the camera sees them; pressing one looks along it. */
export function Gizmo({ ref, onLook }: { ref: Ref<GizmoHandle>; onLook: (direction: Vector3) => void }) {
  const arms = useRef<(SVGGElement | null)[]>([]);
  useImperativeHandle(ref, () => ({
    show(camera) {
      for (const [index, axis] of AXES.entries()) {
        const seen = axis.direction.clone().applyQuaternion(camera.quaternion.clone().invert()).multiplyScalar(ARM_PX);
        const arm = arms.current[index];
        arm?.querySelector("line")?.setAttribute("x2", seen.x.toFixed(1));
        arm?.querySelector("line")?.setAttribute("y2", (-seen.y).toFixed(1));
        arm?.querySelector("g")?.setAttribute("transform", `translate(${seen.x.toFixed(1)} ${(-seen.y).toFixed(1)})`);
        if (arm) arm.style.opacity = seen.z < -ARM_PX * 0.3 ? "0.55" : "1";
      }
    },
  }));
  return (
    <svg className="gizmo" viewBox="-40 -40 80 80" role="group" aria-label="Axes">
      {AXES.map((axis, index) => (
        <g
          key={axis.name}
          className={axis.className}
          ref={(arm) => {
            arms.current[index] = arm;
          }}
        >
          <line x1="0" y1="0" x2="0" y2="0" />
          <g role="button" aria-label={axis.look} onClick={() => onLook(axis.direction)}>
            <title>{axis.look}</title>
            <circle r="8" />
            <text dy="0.36em">{axis.name}</text>
          </g>
        </g>
      ))}
    </svg>
  );
}
