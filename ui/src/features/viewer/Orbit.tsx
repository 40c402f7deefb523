import { useFrame, useThree } from "@react-three/fiber";
import { useEffect, useRef } from "react";
import { PerspectiveCamera, Vector3, type Box3 } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

/** Degrees from +Z towards +X and above the ground, where a fresh object is looked at from. */
const START_AZIMUTH_DEG = 32;
const START_ELEVATION_DEG = 14;
const MARGIN = 1.18;
/** Factor on the size from which on an object has to be fitted anew. */
const ANOTHER_SIZE = 1.25;

/** How far from `centre` the camera, already turned, has to stand to see the whole box. */
function distanceToFit(camera: PerspectiveCamera, bounds: Box3, centre: Vector3): number {
  const tanHeight = Math.tan((camera.fov * Math.PI) / 360) / MARGIN;
  const tanWidth = tanHeight * camera.aspect;
  const toCamera = camera.quaternion.clone().invert();
  let distance = 0;
  for (let corner = 0; corner < 8; corner++) {
    const at = new Vector3(corner & 1 ? bounds.max.x : bounds.min.x, corner & 2 ? bounds.max.y : bounds.min.y, corner & 4 ? bounds.max.z : bounds.min.z).sub(centre).applyQuaternion(toCamera);
    distance = Math.max(distance, Math.abs(at.x) / tanWidth + at.z, Math.abs(at.y) / tanHeight + at.z);
  }
  return distance;
}

export interface OrbitHandle {
  fit: () => void;
  lookFrom: (direction: Vector3) => void;
  turn: (azimuthDeg: number, elevationDeg: number) => void;
  /** Looked at from there, from as far as before. */
  turnTo: (direction: Vector3) => void;
}

interface OrbitProps {
  bounds: Box3;
  /** Looked at afresh when this changes; else the camera stays where the hand left it. */
  subject: string;
  onReady: (handle: OrbitHandle) => void;
  onTurned: (camera: PerspectiveCamera) => void;
}

/** Orbit, pan and zoom; draws only when something moved. */
export function Orbit({ bounds, subject, onReady, onTurned }: OrbitProps) {
  const { camera, gl, invalidate, size } = useThree();
  const controls = useRef<OrbitControls | null>(null);
  const fitted = useRef<{ subject: string; radius: number } | null>(null);

  useEffect(() => {
    const orbit = new OrbitControls(camera, gl.domElement);
    orbit.enableDamping = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    orbit.dampingFactor = 0.18;
    orbit.zoomToCursor = true;
    orbit.maxPolarAngle = Math.PI * 0.98;
    const onChange = () => invalidate();
    orbit.addEventListener("change", onChange);
    controls.current = orbit;
    return () => {
      orbit.removeEventListener("change", onChange);
      orbit.dispose();
      controls.current = null;
    };
  }, [camera, gl, invalidate]);

  useEffect(() => {
    const orbit = controls.current;
    if (orbit === null || !(camera instanceof PerspectiveCamera)) return;
    const centre = bounds.getCenter(new Vector3());
    const radius = bounds.getSize(new Vector3()).length() / 2;
    const place = (direction: Vector3) => {
      orbit.target.copy(centre);
      camera.position.copy(direction).normalize().add(centre);
      camera.lookAt(centre);
      camera.position.copy(direction).normalize().multiplyScalar(distanceToFit(camera, bounds, centre)).add(centre);
      orbit.minDistance = radius * 0.2;
      orbit.maxDistance = radius * 12;
      orbit.update();
      invalidate();
    };
    const current = () => camera.position.clone().sub(orbit.target);
    const from = (azimuthDeg: number, elevationDeg: number) => {
      const a = (azimuthDeg * Math.PI) / 180;
      const e = (elevationDeg * Math.PI) / 180;
      return new Vector3(Math.cos(e) * Math.sin(a), Math.sin(e), Math.cos(e) * Math.cos(a));
    };
    if (fitted.current?.subject !== subject) {
      place(from(START_AZIMUTH_DEG, START_ELEVATION_DEG));
    } else if (radius > fitted.current.radius * ANOTHER_SIZE || radius * ANOTHER_SIZE < fitted.current.radius) {
      // The same object in other units, as its raw mesh may be.
      place(current());
    }
    fitted.current = { subject, radius };
    onReady({
      fit: () => place(current()),
      lookFrom: place,
      turnTo(direction) {
        camera.position.copy(direction).setLength(current().length()).add(orbit.target);
        orbit.update();
        invalidate();
      },
      turn(azimuthDeg, elevationDeg) {
        const offset = current();
        const distance = offset.length();
        const azimuth = (Math.atan2(offset.x, offset.z) * 180) / Math.PI + azimuthDeg;
        const elevation = Math.min(88, Math.max(-88, (Math.asin(offset.y / distance) * 180) / Math.PI + elevationDeg));
        camera.position.copy(from(azimuth, elevation).multiplyScalar(distance)).add(orbit.target);
        orbit.update();
        invalidate();
      },
    });
  }, [bounds, subject, camera, invalidate, onReady, size]);

  useFrame(() => {
    controls.current?.update();
    if (camera instanceof PerspectiveCamera) onTurned(camera);
  });
  return null;
}
